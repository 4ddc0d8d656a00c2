// One row of rounded activations times INT8 weights, four rows of weights to an invocation.
//
// A word of activations is four INT8 values and their scale; the weights of four rows for it are one vec4. SLICES
// invocations share a quad of rows, each with every SLICES-th word. With one there is no barrier: on a software adapter a
// workgroup with one costs about eighty microseconds.
//
// Everything is bound read_write: buffers of a pool may be one buffer, which may not be bound both ways at once.

@group(0) @binding(0) var<storage, read_write> x: array<vec2<u32>>;
@group(0) @binding(1) var<storage, read_write> weights: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read_write> scales: array<vec4<f32>>;

const WORDS: u32 = {{ words }}u;
// Of all rows of weights.
const QUADS: u32 = {{ quads }}u;
const SLICES: u32 = {{ slices }}u;
const LANES: u32 = {{ units }}u / SLICES;

// The part of `quad`'s sums that `slice` has.
fn partial_sums(quad: u32, slice: u32) -> vec4<f32> {
    var sums = vec4<f32>();
    for (var word = slice; word < WORDS; word += SLICES) {
        let rows = weights[word * QUADS + quad];
        let packed = x[word].x;
        let products = vec4<i32>(
            dot4I8Packed(rows.x, packed),
            dot4I8Packed(rows.y, packed),
            dot4I8Packed(rows.z, packed),
            dot4I8Packed(rows.w, packed),
        );
        sums += vec4<f32>(products) * bitcast<f32>(x[word].y);
    }
    return sums;
}
