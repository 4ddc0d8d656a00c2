//! The network on WebGPU, in burn.

mod cube;
mod ops;
mod products;
mod shaders;

use burn::tensor::{Device, Int, Tensor, TensorData};

use self::ops::DeviceMatrix;
use crate::kernels::attention::AttentionShape;
use crate::network::{Network, Place, Rows};
use crate::rope::rope_table;
use crate::weights::StoredMatrix;
use crate::{LlamaConfig, LmError};

/// Which kernels suit a device. Fixed when it is found, not tuned: tuning costs more than a suggestion may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kernels {
    /// A GPU has thousands of lanes and cheap barriers: several invocations share a sum.
    Hardware,
    /// A software adapter has a few lanes, and every barrier costs it tens of microseconds: none where it can be avoided.
    Software,
}

impl Kernels {
    /// Invocations that share four rows of a product.
    fn slices(self) -> usize {
        match self {
            Self::Hardware => 8,
            Self::Software => 1,
        }
    }

    /// Tokens that are computed ahead before the host looks at one. On a GPU waiting for an answer takes longer than a token; a
    /// software adapter has nothing to wait for, and a token that nobody wants costs it as much as any other.
    pub(crate) fn draft(self) -> usize {
        match self {
            Self::Hardware => 4,
            Self::Software => 1,
        }
    }
}

/// The memory of a WebGPU device.
#[derive(Debug)]
pub(crate) struct Webgpu {
    device: Device,
}

impl Webgpu {
    pub(crate) fn new(device: &Device) -> Self {
        Self {
            device: device.clone(),
        }
    }
}

impl Place for Webgpu {
    type Matrix = DeviceMatrix;
    type Vector = Tensor<1>;

    fn matrix(&self, stored: StoredMatrix) -> DeviceMatrix {
        match stored {
            StoredMatrix::Float { cols, values } => {
                let shape = [values.len() / cols, cols];
                let data = TensorData::new(values, shape);
                DeviceMatrix::Float(Tensor::from_data(data, &self.device))
            }
            StoredMatrix::Int8 {
                cols,
                packed,
                scales,
            } => {
                let rows = scales.len();
                let packed = TensorData::new(packed, [rows, cols / 4]);
                DeviceMatrix::int8(
                    Tensor::from_data(packed, &self.device),
                    Tensor::from_data(TensorData::new(scales, [rows]), &self.device),
                    cols,
                )
            }
        }
    }

    fn vector(&self, values: Vec<f32>) -> Tensor<1> {
        let len = values.len();
        Tensor::from_data(TensorData::new(values, [len]), &self.device)
    }
}

/// What changes with every token.
#[derive(Debug)]
pub(crate) struct WebgpuState {
    /// Keys and values, one a layer: `[2, kv_heads, capacity, head_dim]`, rotated keys, then values. `None` only while a
    /// call is working on the layer.
    cache: Vec<Option<Tensor<4>>>,
    /// Cosines, then sines: `[capacity, head_dim]`.
    rope: Tensor<2>,
    shape: AttentionShape,
    /// The residual stream: `[m, hidden]`.
    x: Option<Tensor<2>>,
    /// Whether it is of a single step, which goes on rounded activations, the head too.
    is_step: bool,
    kernels: Kernels,
    device: Device,
}

impl WebgpuState {
    /// An empty cache of `capacity` positions.
    pub(crate) fn new(
        config: &LlamaConfig,
        capacity: usize,
        (device, kernels): (&Device, Kernels),
    ) -> Self {
        let layer = || Tensor::zeros([2, config.kv_heads, capacity, config.head_dim], device);
        let rope = TensorData::new(rope_table(config, capacity), [capacity, config.head_dim]);
        Self {
            cache: (0..config.layers).map(|_| Some(layer())).collect(),
            rope: Tensor::from_data(rope, device),
            shape: config.attention_shape(capacity),
            x: None,
            is_step: false,
            kernels,
            device: device.clone(),
        }
    }

    /// Attention of layer `layer` for the rows of `qkv`, which become the positions from `past` on.
    ///
    /// # Shapes
    /// `qkv`: `[m, (heads + 2 * kv_heads) * head_dim]`; result: `[m, heads * head_dim]`.
    fn attend(&mut self, layer: usize, past: usize, qkv: Tensor<2>) -> Tensor<2> {
        // Taken out so that the operation holds the only handle and may write in place.
        let keys_values = self.cache[layer]
            .take()
            .expect("put back at the end of every call");
        let shape = AttentionShape { past, ..self.shape };
        let (out, keys_values) = ops::attention(qkv, &self.rope, keys_values, shape, self.kernels);
        self.cache[layer] = Some(keys_values);
        out
    }
}

impl Network<Webgpu> {
    /// Runs the layers over `tokens`, which become the positions from `past` on. `state` then holds the residual
    /// stream at `rows`.
    ///
    /// # Shapes
    /// `tokens`: `[m]`, `m >= 1`, each below the vocabulary size; `past + m` positions fit.
    pub(crate) fn forward(
        &self,
        tokens: &[u32],
        (past, rows): (usize, Rows),
        config: &LlamaConfig,
        state: &mut WebgpuState,
    ) {
        let x = self.embedding.rows(ids(tokens, &state.device));
        let eps = config.rms_norm_eps;
        state.is_step = tokens.len() == 1 && self.takes_rounded();
        state.x = Some(if state.is_step {
            self.step(x, past, eps, state)
        } else {
            self.chunk(x, (past, rows), eps, state)
        });
    }

    /// Logits of the positions that [`Self::forward`] left.
    ///
    /// # Shapes
    /// Result: `[m, vocab]`.
    ///
    /// # Errors
    /// [`LmError::Device`] if the device failed while computing.
    pub(crate) async fn logits(
        &self,
        config: &LlamaConfig,
        state: &mut WebgpuState,
    ) -> Result<Vec<f32>, LmError> {
        let x = state.x.take().expect("callers run the layers first");
        let eps = config.rms_norm_eps;
        read(if state.is_step {
            self.step_head(x, eps, state.kernels)
        } else {
            let normed = ops::rms_norm(x, &self.norm, eps, state.kernels);
            self.head().multiply(normed)
        })
        .await
    }

    /// Logits after `token` and, without waiting for an answer, after each of the likeliest tokens that follow.
    ///
    /// # Shapes
    /// `past + count` positions fit. Result: `[count, vocab]`.
    ///
    /// # Errors
    /// [`LmError::Device`] if the device failed while computing.
    pub(crate) async fn draft(
        &self,
        token: u32,
        (past, count): (usize, usize),
        config: &LlamaConfig,
        state: &mut WebgpuState,
    ) -> Result<Vec<f32>, LmError> {
        let eps = config.rms_norm_eps;
        let mut next = ids(&[token], &state.device);
        let mut all = Vec::with_capacity(count);
        for at in 0..count {
            let x = self.embedding.rows(next.clone());
            let x = self.step(x, past + at, eps, state);
            let logits = self.step_head(x, eps, state.kernels);
            next = ops::largest(logits.clone());
            all.push(logits);
        }
        read(Tensor::cat(all, 0)).await
    }

    /// Whether one row can go the faster way, on rounded activations.
    pub(crate) fn takes_rounded(&self) -> bool {
        let layers = self.layers.iter();
        let matrices = layers.flat_map(|layer| {
            [
                &layer.qkv,
                &layer.attention_out,
                &layer.gate_up,
                &layer.down,
            ]
        });
        matrices
            .chain([self.head()])
            .all(DeviceMatrix::takes_rounded)
    }

    /// The layers over one row: nine shaders each.
    ///
    /// # Shapes
    /// `x`: `[1, hidden]`; the same comes back.
    fn step(&self, mut x: Tensor<2>, past: usize, eps: f32, state: &mut WebgpuState) -> Tensor<2> {
        let kernels = state.kernels;
        for (at, layer) in self.layers.iter().enumerate() {
            let normed = ops::rms_norm_rounded(x.clone(), &layer.attention_norm, eps);
            let attended = state.attend(at, past, layer.qkv.product(normed, kernels));
            x = layer
                .attention_out
                .product_add(x, ops::round(attended), kernels);
            let normed = ops::rms_norm_rounded(x.clone(), &layer.feed_forward_norm, eps);
            let gated = layer.gate_up.product_gated(normed, kernels);
            x = layer.down.product_add(x, gated, kernels);
        }
        x
    }

    /// The layers over any number of rows, of which those that are asked for come back.
    ///
    /// # Shapes
    /// `x`: `[m, hidden]`; result: `[m, hidden]` or `[1, hidden]`.
    fn chunk(
        &self,
        mut x: Tensor<2>,
        (past, rows): (usize, Rows),
        eps: f32,
        state: &mut WebgpuState,
    ) -> Tensor<2> {
        let (m, kernels) = (x.dims()[0], state.kernels);
        for (at, layer) in self.layers.iter().enumerate() {
            let normed = ops::rms_norm(x.clone(), &layer.attention_norm, eps, kernels);
            let mut attended = state.attend(at, past, layer.qkv.multiply(normed));
            // After the last attention only the rows that are asked for are of any use.
            if rows == Rows::Last && at + 1 == self.layers.len() && m > 1 {
                attended = attended.narrow(0, m - 1, 1);
                x = x.narrow(0, m - 1, 1);
            }
            x = layer.attention_out.multiply_add(x, attended);
            let normed = ops::rms_norm(x.clone(), &layer.feed_forward_norm, eps, kernels);
            x = layer
                .down
                .multiply_add(x, ops::swiglu(layer.gate_up.multiply(normed)));
        }
        x
    }

    /// Norm and output head of one row.
    ///
    /// # Shapes
    /// `x`: `[1, hidden]`; result: `[1, vocab]`.
    fn step_head(&self, x: Tensor<2>, eps: f32, kernels: Kernels) -> Tensor<2> {
        let normed = ops::rms_norm_rounded(x, &self.norm, eps);
        self.head().product(normed, kernels)
    }
}

/// Token numbers on the device.
fn ids(tokens: &[u32], device: &Device) -> Tensor<1, Int> {
    let ids: Vec<i32> = tokens.iter().map(|&token| token as i32).collect();
    Tensor::from_data(TensorData::new(ids, [tokens.len()]), device)
}

/// Waits for values.
async fn read(values: Tensor<2>) -> Result<Vec<f32>, LmError> {
    let data = values
        .into_data_async()
        .await
        .map_err(|error| LmError::Device(error.to_string()))?;
    data.try_into_vec::<f32>()
        .map_err(|_| LmError::Device("logits of another type".to_owned()))
}
