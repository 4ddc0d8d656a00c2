//! Which products of the network an adapter can change.

use crate::LlamaConfig;

/// A product of the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// Queries, keys and values.
    Qkv,
    /// What attention gives back to the residual stream.
    AttentionOut,
    /// Gate and up of the feed-forward layer.
    GateUp,
    /// What the feed-forward layer gives back.
    Down,
    /// The output head.
    Head,
}

impl Target {
    /// Those that every layer has.
    pub const IN_LAYER: [Self; 4] = [Self::Qkv, Self::AttentionOut, Self::GateUp, Self::Down];

    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Qkv,
        Self::AttentionOut,
        Self::GateUp,
        Self::Down,
        Self::Head,
    ];

    /// Its name in files and on command lines.
    pub fn name(self) -> &'static str {
        match self {
            Self::Qkv => "qkv",
            Self::AttentionOut => "attention_out",
            Self::GateUp => "gate_up",
            Self::Down => "down",
            Self::Head => "head",
        }
    }

    /// The target of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|target| target.name() == name)
    }

    /// Rows and columns of its weight matrix: outputs and inputs.
    pub fn shape(self, config: &LlamaConfig) -> (usize, usize) {
        let (hidden, inner) = (config.hidden_size, config.intermediate_size);
        match self {
            Self::Qkv => (config.query_size() + 2 * config.kv_size(), hidden),
            Self::AttentionOut => (hidden, config.query_size()),
            Self::GateUp => (2 * inner, hidden),
            Self::Down => (hidden, inner),
            Self::Head => (config.vocab_size, hidden),
        }
    }
}

/// One matrix of the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    /// The layer; 0 for the head.
    layer: usize,
    target: Target,
}

impl Slot {
    /// The output head.
    pub const HEAD: Self = Self {
        layer: 0,
        target: Target::Head,
    };

    /// A matrix of a layer. For [`Target::Head`] the layer does not count.
    pub fn in_layer(layer: usize, target: Target) -> Self {
        match target {
            Target::Head => Self::HEAD,
            _ => Self { layer, target },
        }
    }

    /// Every matrix of a network with these targets, in the order of computing.
    pub fn all(layers: usize, targets: &[Target]) -> Vec<Self> {
        let wanted = Target::IN_LAYER
            .into_iter()
            .filter(|target| targets.contains(target));
        let in_layers = (0..layers).flat_map(|layer| {
            wanted
                .clone()
                .map(move |target| Self::in_layer(layer, target))
        });
        let head = targets.contains(&Target::Head).then_some(Self::HEAD);
        in_layers.chain(head).collect()
    }

    /// Which product it is.
    pub fn target(self) -> Target {
        self.target
    }

    /// The layer that it is in.
    pub fn layer(self) -> usize {
        self.layer
    }

    /// Its name in files, without the factor.
    pub(super) fn name(self) -> String {
        match self.target {
            Target::Head => Target::Head.name().to_owned(),
            target => format!("layers.{}.{}", self.layer, target.name()),
        }
    }

    /// The slot of a name.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        if name == Target::Head.name() {
            return Some(Self::HEAD);
        }
        let (layer, target) = name.strip_prefix("layers.")?.split_once('.')?;
        let target = Target::from_name(target).filter(|&target| target != Target::Head)?;
        let slot = Self::in_layer(layer.parse().ok()?, target);
        // "01" and "+1" are numbers, too, and would be the same place under two names.
        (slot.name() == name).then_some(slot)
    }
}
