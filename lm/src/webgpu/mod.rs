//! The network on WebGPU, in burn.

mod cube;
mod ops;
mod shaders;

use burn::tensor::{Device, Int, Tensor, TensorData};

use self::ops::DeviceMatrix;
use crate::kernels::attention::AttentionShape;
use crate::network::{Network, Place, Rows};
use crate::rope::rope_table;
use crate::weights::StoredMatrix;
use crate::{LlamaConfig, LmError};

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
    device: Device,
}

impl WebgpuState {
    /// An empty cache of `capacity` positions.
    pub(crate) fn new(config: &LlamaConfig, capacity: usize, device: &Device) -> Self {
        let layer = || Tensor::zeros([2, config.kv_heads, capacity, config.head_dim], device);
        let rope = TensorData::new(rope_table(config, capacity), [capacity, config.head_dim]);
        Self {
            cache: (0..config.layers).map(|_| Some(layer())).collect(),
            rope: Tensor::from_data(rope, device),
            shape: config.attention_shape(capacity),
            x: None,
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
        let (out, keys_values) = ops::attention(qkv, &self.rope, keys_values, shape);
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
        let m = tokens.len();
        let ids: Vec<i32> = tokens.iter().map(|&token| token as i32).collect();
        let ids = Tensor::<1, Int>::from_data(TensorData::new(ids, [m]), &state.device);
        let eps = config.rms_norm_eps;
        let mut x = self.embedding.rows(ids);
        for (at, layer) in self.layers.iter().enumerate() {
            let normed = ops::rms_norm(x.clone(), &layer.attention_norm, eps);
            let mut attended = state.attend(at, past, layer.qkv.multiply(normed));
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
        state.x = Some(x);
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
        let normed = ops::rms_norm(x, &self.norm, config.rms_norm_eps);
        let data = self
            .head()
            .multiply(normed)
            .into_data_async()
            .await
            .map_err(|error| LmError::Device(error.to_string()))?;
        data.try_into_vec::<f32>()
            .map_err(|_| LmError::Device("logits of another type".to_owned()))
    }
}
