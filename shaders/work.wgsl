// The unit of work of a dispatch (shaders/work-types.wgsl).
@group(0) @binding(0) var<uniform> work: Work;
@group(0) @binding(1) var<uniform> domain: Domain;
