//! The parts of the network and where their weights are in the file, for every place that they can be put.

use std::fmt::Debug;

use crate::weights::{StoredMatrix, Weights};
use crate::{LlamaConfig, LmError};

/// Where weights can be put.
pub(crate) trait Place {
    /// A weight matrix there.
    type Matrix: Debug;
    /// The gain of a norm there.
    type Vector: Debug;

    /// Puts a matrix there.
    fn matrix(&self, stored: StoredMatrix) -> Self::Matrix;

    /// Puts a gain there.
    fn vector(&self, values: Vec<f32>) -> Self::Vector;
}

/// The weights of a Llama-architecture model.
#[derive(Debug)]
pub(crate) struct Network<P: Place> {
    /// `[vocab, hidden]`.
    pub(crate) embedding: P::Matrix,
    pub(crate) layers: Vec<Layer<P>>,
    /// `[hidden]`.
    pub(crate) norm: P::Vector,
    /// `[vocab, hidden]`; `None` if the head is the embedding table.
    pub(crate) head: Option<P::Matrix>,
}

/// The weights of one layer. Matrices have one row per output.
#[derive(Debug)]
pub(crate) struct Layer<P: Place> {
    /// `[hidden]`.
    pub(crate) attention_norm: P::Vector,
    /// `[query + 2 * kv, hidden]`: queries, keys and values under each other, one product instead of three.
    pub(crate) qkv: P::Matrix,
    /// `[hidden, query]`.
    pub(crate) attention_out: P::Matrix,
    /// `[hidden]`.
    pub(crate) feed_forward_norm: P::Vector,
    /// `[2 * intermediate, hidden]`: gate and up under each other.
    pub(crate) gate_up: P::Matrix,
    /// `[hidden, intermediate]`.
    pub(crate) down: P::Matrix,
}

/// Positions whose residual stream a caller wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rows {
    /// The last one: what decoding needs.
    Last,
    /// Every one: what the next layer and measuring a text need.
    All,
}

impl<P: Place> Network<P> {
    /// Takes the weights out of the file, one after the other, and puts each in its place.
    ///
    /// # Errors
    /// [`LmError::Tensor`] if a tensor is missing, of another shape or type, or belongs to no part of the model.
    pub(crate) fn load(
        config: &LlamaConfig,
        mut weights: Weights,
        place: &P,
    ) -> Result<Self, LmError> {
        let (hidden, vocab) = (config.hidden_size, config.vocab_size);
        let mut from = Source {
            weights: &mut weights,
            place,
        };
        let embedding = from.matrix(&[("model.embed_tokens", vocab)], hidden)?;
        let layers = (0..config.layers)
            .map(|at| Layer::load(config, at, &mut from))
            .collect::<Result<_, _>>()?;
        let norm = from.vector("model.norm", hidden)?;
        let head = if config.tied_head {
            None
        } else {
            Some(from.matrix(&[("lm_head", vocab)], hidden)?)
        };
        weights.finish()?;
        Ok(Self {
            embedding,
            layers,
            norm,
            head,
        })
    }

    /// The output head.
    pub(crate) fn head(&self) -> &P::Matrix {
        self.head.as_ref().unwrap_or(&self.embedding)
    }
}

impl<P: Place> Layer<P> {
    fn load(config: &LlamaConfig, at: usize, from: &mut Source<'_, P>) -> Result<Self, LmError> {
        let (hidden, inner) = (config.hidden_size, config.intermediate_size);
        let name = |part: &str| format!("model.layers.{at}.{part}");
        let (q, k, v) = (
            name("self_attn.q_proj"),
            name("self_attn.k_proj"),
            name("self_attn.v_proj"),
        );
        let (gate, up) = (name("mlp.gate_proj"), name("mlp.up_proj"));
        let (query, kv) = (config.query_size(), config.kv_size());
        Ok(Self {
            attention_norm: from.vector(&name("input_layernorm"), hidden)?,
            qkv: from.matrix(&[(&q, query), (&k, kv), (&v, kv)], hidden)?,
            attention_out: from.matrix(&[(&name("self_attn.o_proj"), hidden)], query)?,
            feed_forward_norm: from.vector(&name("post_attention_layernorm"), hidden)?,
            gate_up: from.matrix(&[(&gate, inner), (&up, inner)], hidden)?,
            down: from.matrix(&[(&name("mlp.down_proj"), hidden)], inner)?,
        })
    }
}

/// Takes tensors out of the file and puts them in their place.
struct Source<'a, P> {
    weights: &'a mut Weights,
    place: &'a P,
}

impl<P: Place> Source<'_, P> {
    fn vector(&mut self, name: &str, len: usize) -> Result<P::Vector, LmError> {
        let values = self.weights.vector(&format!("{name}.weight"), len)?;
        Ok(self.place.vector(values))
    }

    /// The named matrices (name, rows) of `cols` columns, under each other.
    fn matrix(&mut self, parts: &[(&str, usize)], cols: usize) -> Result<P::Matrix, LmError> {
        let read = |&(name, rows): &(&str, usize)| {
            self.weights.matrix(&format!("{name}.weight"), rows, cols)
        };
        let matrices = parts.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        Ok(self.place.matrix(StoredMatrix::stack(matrices)?))
    }
}
