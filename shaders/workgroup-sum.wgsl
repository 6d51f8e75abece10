// The sum of what 256 threads of a workgroup have, by a tree in workgroup memory: a fixed order. All of them call it, once, and all get the
// sum. The kernel says what is added up: alias Summand. CPU twin: none; a sum.
var<workgroup> sums: array<Summand, 256>;

fn workgroupSum(local: u32, own: Summand) -> Summand {
  sums[local] = own;
  for (var stride = 128u; stride > 0u; stride /= 2u) {
    workgroupBarrier();
    if (local < stride) {
      sums[local] += sums[local + stride];
    }
  }
  workgroupBarrier();
  return sums[0];
}
