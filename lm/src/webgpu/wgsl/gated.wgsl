
// SwiGLU of a product whose rows are gates, then as many ups; the result is rounded for the next product.

@group(0) @binding(3) var<storage, read_write> out: array<vec2<u32>>;

const GATES: u32 = QUADS / 2u;

@compute @workgroup_size({{ units }})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) unit: u32) {
    let slice = unit / LANES;
    let quad = group.x * LANES + unit % LANES;
    var gates = vec4<f32>();
    var ups = vec4<f32>();
    if quad < GATES {
        gates = partial_sums(quad, slice);
        ups = partial_sums(GATES + quad, slice);
    }
    gates = total(gates, unit);
    ups = total(ups, unit);
    if slice == 0u && quad < GATES {
        gates *= scales[quad];
        ups *= scales[GATES + quad];
        out[quad] = rounded(gates / (1.0 + exp(-gates)) * ups);
    }
}

// Four values as one word and their scale.
fn rounded(values: vec4<f32>) -> vec2<u32> {
    let sizes = abs(values);
    let largest = max(max(sizes.x, sizes.y), max(sizes.z, sizes.w));
    let steps = select(0.0, 127.0 / largest, largest > 0.0);
    let bytes = vec4<i32>(round(values * steps)) & vec4<i32>(255);
    let word = bytes.x | (bytes.y << 8u) | (bytes.z << 16u) | (bytes.w << 24u);
    return vec2<u32>(bitcast<u32>(word), bitcast<u32>(largest / 127.0));
}
