//! The network: embedding, layers of attention and feed-forward, norm, output head.

use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::ops::{self, DeviceMatrix};
use crate::weights::{Matrix, Weights, padded};
use crate::{KvCache, LlamaConfig, LmError};

/// A Llama-architecture model on a device.
#[derive(Debug)]
pub struct Llama {
    config: LlamaConfig,
    embedding: DeviceMatrix,
    layers: Vec<Layer>,
    norm: Tensor<1>,
    /// `None` if the head is the embedding table.
    head: Option<DeviceMatrix>,
    device: Device,
}

/// Positions whose residual stream a caller wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rows {
    /// The last one: what decoding needs.
    Last,
    /// Every one: what measuring a text needs.
    All,
}

#[derive(Debug)]
struct Layer {
    attention_norm: Tensor<1>,
    /// Queries, keys and values under each other: one product instead of three.
    qkv: DeviceMatrix,
    attention_out: DeviceMatrix,
    feed_forward_norm: Tensor<1>,
    /// Gate and up under each other.
    gate_up: DeviceMatrix,
    down: DeviceMatrix,
}

impl Llama {
    /// Places the weights on `device`.
    ///
    /// # Errors
    /// [`LmError::Tensor`] if a tensor is missing, of another shape or type, or belongs to no part of the model.
    pub fn load(
        config: &LlamaConfig,
        mut weights: Weights,
        device: &Device,
    ) -> Result<Self, LmError> {
        let (hidden, vocab) = (config.hidden_size, config.vocab_size);
        let mut place = Placer {
            weights: &mut weights,
            device,
        };
        let embedding = place.matrix(&[("model.embed_tokens", vocab)], hidden)?;
        let layers = (0..config.layers)
            .map(|at| Layer::load(config, at, &mut place))
            .collect::<Result<_, _>>()?;
        let norm = place.vector("model.norm", hidden)?;
        let head = if config.tied_head {
            None
        } else {
            Some(place.matrix(&[("lm_head", vocab)], hidden)?)
        };
        weights.finish()?;
        Ok(Self {
            config: config.clone(),
            embedding,
            layers,
            norm,
            head,
            device: device.clone(),
        })
    }

    /// The sizes.
    pub fn config(&self) -> &LlamaConfig {
        &self.config
    }

    /// Where the weights are.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Runs the layers over `tokens`, appending them to `cache`; gives the residual stream at `rows`.
    ///
    /// # Shapes
    /// `tokens`: `[m]`, `m >= 1`, each below the vocabulary size; `cache` has room. Result: `[1, hidden]` or
    /// `[m, hidden]`.
    pub(crate) fn forward(&self, tokens: &[u32], cache: &mut KvCache, rows: Rows) -> Tensor<2> {
        let m = tokens.len();
        let ids: Vec<i32> = tokens.iter().map(|&token| token as i32).collect();
        let ids = Tensor::<1, Int>::from_data(TensorData::new(ids, [m]), &self.device);
        let eps = self.config.rms_norm_eps;
        let mut x = self.embedding.rows(ids);
        for (at, layer) in self.layers.iter().enumerate() {
            let normed = ops::rms_norm(x.clone(), &layer.attention_norm, eps);
            let mut attended = cache.attend(at, layer.qkv.multiply(normed));
            // After the last attention only the rows that are asked for are of any use.
            if rows == Rows::Last && at + 1 == self.layers.len() && m > 1 {
                attended = attended.narrow(0, m - 1, 1);
                x = x.narrow(0, m - 1, 1);
            }
            x = layer.attention_out.multiply_add(x, attended);
            let normed = ops::rms_norm(x.clone(), &layer.feed_forward_norm, eps);
            x = layer
                .down
                .multiply_add(x, ops::swiglu(layer.gate_up.multiply(normed)));
        }
        cache.advance(m);
        x
    }

    /// Logits of some positions.
    ///
    /// # Shapes
    /// `x`: `[m, hidden]`; result: `[m, vocab]`.
    pub(crate) fn logits(&self, x: Tensor<2>) -> Tensor<2> {
        let normed = ops::rms_norm(x, &self.norm, self.config.rms_norm_eps);
        self.head
            .as_ref()
            .unwrap_or(&self.embedding)
            .multiply(normed)
    }
}

impl Layer {
    fn load(config: &LlamaConfig, at: usize, place: &mut Placer<'_>) -> Result<Self, LmError> {
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
            attention_norm: place.vector(&name("input_layernorm"), hidden)?,
            qkv: place.matrix(&[(&q, query), (&k, kv), (&v, kv)], hidden)?,
            attention_out: place.matrix(&[(&name("self_attn.o_proj"), hidden)], query)?,
            feed_forward_norm: place.vector(&name("post_attention_layernorm"), hidden)?,
            gate_up: place.matrix(&[(&gate, inner), (&up, inner)], hidden)?,
            down: place.matrix(&[(&name("mlp.down_proj"), hidden)], inner)?,
        })
    }
}

/// Takes tensors out of the file and puts them on the device.
struct Placer<'a> {
    weights: &'a mut Weights,
    device: &'a Device,
}

impl Placer<'_> {
    fn vector(&mut self, name: &str, len: usize) -> Result<Tensor<1>, LmError> {
        let values = self.weights.vector(&format!("{name}.weight"), len)?;
        Ok(Tensor::from_data(
            TensorData::new(values, [len]),
            self.device,
        ))
    }

    /// The named matrices (name, rows) of `cols` columns, under each other.
    fn matrix(&mut self, parts: &[(&str, usize)], cols: usize) -> Result<DeviceMatrix, LmError> {
        let read = |&(name, rows): &(&str, usize)| {
            self.weights.matrix(&format!("{name}.weight"), rows, cols)
        };
        let matrices = parts.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        Ok(match Matrix::stack(matrices)? {
            Matrix::Float { cols, values } => {
                let rows = values.len() / cols;
                DeviceMatrix::Float(Tensor::from_data(
                    TensorData::new(values, [rows, cols]),
                    self.device,
                ))
            }
            Matrix::Int8 {
                cols,
                packed,
                scales,
            } => {
                let rows = scales.len();
                let packed = TensorData::new(packed, [rows, padded(cols) / 4]);
                DeviceMatrix::int8(
                    Tensor::from_data(packed, self.device),
                    Tensor::from_data(TensorData::new(scales, [rows]), self.device),
                    cols,
                )
            }
        })
    }
}
