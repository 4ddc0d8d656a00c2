
var<workgroup> parts: array<vec4<f32>, {{ units }}>;

// The sums of all slices.
fn total(sums: vec4<f32>, unit: u32) -> vec4<f32> {
    workgroupBarrier();
    parts[unit] = sums;
    workgroupBarrier();
    var all = vec4<f32>();
    for (var slice = 0u; slice < SLICES; slice++) {
        all += parts[slice * LANES + unit % LANES];
    }
    return all;
}
