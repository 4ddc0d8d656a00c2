
@group(0) @binding(3) var<storage, read_write> out: array<vec4<f32>>;

@compute @workgroup_size({{ units }})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) unit: u32) {
    let slice = unit / LANES;
    let quad = group.x * LANES + unit % LANES;
    var sums = vec4<f32>();
    if quad < QUADS {
        sums = partial_sums(quad, slice);
    }
    sums = total(sums, unit);
    if slice == 0u && quad < QUADS {
        out[quad] {{ assign }} sums * scales[quad];
    }
}
