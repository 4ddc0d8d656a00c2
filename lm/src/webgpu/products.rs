//! Products of one row, in WGSL: CubeCL has no word for the dot product of packed bytes (`dot4I8Packed`), which most GPUs have an
//! instruction for and which makes a token twice as fast on a software adapter.

use burn_cubecl::template::{KernelSource, SourceKernel, SourceTemplate};
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;
use cubecl::server::KernelArguments;

use super::shaders::UNITS;

/// What becomes of the sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Finish {
    /// They are the result.
    Write,
    /// They are added to what is there.
    Add,
    /// SwiGLU, rounded.
    Gated,
}

/// A product's shader: its sizes are constants in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Product {
    /// Words of activations.
    words: usize,
    /// Rows of weights, in fours.
    quads: usize,
    /// Invocations that share four rows.
    slices: usize,
    finish: Finish,
}

impl KernelSource for Product {
    fn source(&self) -> SourceTemplate {
        let total = if self.slices == 1 {
            include_str!("wgsl/whole.wgsl")
        } else {
            include_str!("wgsl/sliced.wgsl")
        };
        let (main, assign) = match self.finish {
            Finish::Write => (include_str!("wgsl/write.wgsl"), "="),
            Finish::Add => (include_str!("wgsl/write.wgsl"), "+="),
            Finish::Gated => (include_str!("wgsl/gated.wgsl"), ""),
        };
        SourceTemplate::new(include_str!("wgsl/product.wgsl"))
            .add_template(total)
            .add_template(main)
            .register("words", self.words.to_string())
            .register("quads", self.quads.to_string())
            .register("slices", self.slices.to_string())
            .register("units", UNITS.to_string())
            .register("assign", assign)
    }

    fn id(&self) -> KernelId {
        KernelId::new::<Self>().info(*self)
    }

    fn lang(&self) -> &'static str {
        "wgsl"
    }
}

/// Launches a product.
///
/// # Shapes
/// `x`: `[words, 2]`, each four INT8 values and their scale; `weights`: `[words, n]`, `n` a multiple of four (of eight
/// where gated); `scales`: `[n]`; `out`: `[1, n]`, or, gated, `[n / 8, 2]` as `x`.
pub(super) fn launch(
    x: CubeTensor,
    weights: CubeTensor,
    scales: CubeTensor,
    out: &CubeTensor,
    (slices, finish): (usize, Finish),
) {
    let [words, n] = weights.meta.shape().dims();
    let quads = n / 4;
    let product = Product {
        words,
        quads,
        slices,
        finish,
    };
    let groups = match finish {
        Finish::Gated => quads / 2,
        Finish::Write | Finish::Add => quads,
    }
    .div_ceil(UNITS as usize / slices);
    let buffers = [x, weights, scales, out.clone()].map(|tensor| tensor.handle.binding());
    out.client.launch(
        Box::new(SourceKernel::new(product, CubeDim::new_1d(UNITS))),
        CubeCount::Static(groups as u32, 1, 1),
        KernelArguments::new().with_buffers(buffers.into()),
    );
}
