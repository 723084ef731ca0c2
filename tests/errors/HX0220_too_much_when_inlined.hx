# Eighteen layers that call the next one twice are 2^18 statements.
import std.hardware
model m {
  dim seq = 32
  input x: bf16[seq]
  output y = f0(x)
}
layer f0(x: [..]) -> [..] { return f1(f1(x)) }
layer f1(x: [..]) -> [..] { return f2(f2(x)) }
layer f2(x: [..]) -> [..] { return f3(f3(x)) }
layer f3(x: [..]) -> [..] { return f4(f4(x)) }
layer f4(x: [..]) -> [..] { return f5(f5(x)) }
layer f5(x: [..]) -> [..] { return f6(f6(x)) }
layer f6(x: [..]) -> [..] { return f7(f7(x)) }
layer f7(x: [..]) -> [..] { return f8(f8(x)) }
layer f8(x: [..]) -> [..] { return f9(f9(x)) }
layer f9(x: [..]) -> [..] { return f10(f10(x)) }
layer f10(x: [..]) -> [..] { return f11(f11(x)) }
layer f11(x: [..]) -> [..] { return f12(f12(x)) }
layer f12(x: [..]) -> [..] { return f13(f13(x)) }
layer f13(x: [..]) -> [..] { return f14(f14(x)) }
layer f14(x: [..]) -> [..] { return f15(f15(x)) }
layer f15(x: [..]) -> [..] { return f16(f16(x)) }
layer f16(x: [..]) -> [..] { return f17(f17(x)) }  # error: HX0220
layer f17(x: [..]) -> [..] { return f18(f18(x)) }
layer f18(x: [..]) -> [..] { return x * 2 }
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh tp = gpus; shard seq over tp }
