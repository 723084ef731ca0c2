# GPUs and links, with the vendors' datasheet values. Rates are dense (datasheets often print twice as much, "with
# sparsity"); a link's bandwidth counts per GPU and direction (NVLink datasheets print both directions together).
# f32 and f64 are what IEEE matrix products reach: f32 outside the tensor cores, f64 inside them where they have it.

gpu a100_40g {                   # NVIDIA A100 datasheet (nvidia-1758950, 2021), column A100 40GB SXM
  memory = 40 GB
  bandwidth = 1555 GB/s          # "GPU memory bandwidth 1,555GB/s"
  f64 = 19.5 TFLOP/s             # "FP64 Tensor Core 19.5 TFLOPS"
  f32 = 19.5 TFLOP/s             # "FP32 19.5 TFLOPS"
  bf16 = 312 TFLOP/s             # "BFLOAT16 Tensor Core 312 TFLOPS | 624 TFLOPS*", * with sparsity
  f16 = 312 TFLOP/s              # "FP16 Tensor Core 312 TFLOPS | 624 TFLOPS*"
  i8 = 624 TFLOP/s               # "INT8 Tensor Core 624 TOPS | 1248 TOPS*"
}

gpu a100_80g {                   # NVIDIA A100 datasheet (nvidia-1758950, 2021), column A100 80GB SXM
  memory = 80 GB
  bandwidth = 2039 GB/s          # "GPU memory bandwidth 2,039GB/s"
  f64 = 19.5 TFLOP/s             # as a100_40g: the same chip
  f32 = 19.5 TFLOP/s
  bf16 = 312 TFLOP/s
  f16 = 312 TFLOP/s
  i8 = 624 TFLOP/s
}

gpu h100_sxm {                   # NVIDIA H100 datasheet (2023), column H100 SXM
  memory = 80 GB
  bandwidth = 3.35 TB/s          # "GPU memory bandwidth 3.35TB/s"
  f64 = 67 TFLOP/s               # "FP64 Tensor Core 67 teraFLOPS"
  f32 = 67 TFLOP/s               # "FP32 67 teraFLOPS"
  bf16 = 989 TFLOP/s             # half of "BFLOAT16 Tensor Core 1,979 teraFLOPS*", * with sparsity
  f16 = 989 TFLOP/s              # half of "FP16 Tensor Core 1,979 teraFLOPS*"
  f8 = 1979 TFLOP/s              # half of "FP8 Tensor Core 3,958 teraFLOPS*"
  i8 = 1979 TFLOP/s              # half of "INT8 Tensor Core 3,958 TOPS*"
}

gpu h100_pcie {                  # NVIDIA H100 datasheet (2022), column H100 PCIe
  memory = 80 GB
  bandwidth = 2 TB/s             # "GPU memory bandwidth 2TB/s"
  f64 = 51 TFLOP/s               # "FP64 Tensor Core 51 teraFLOPS"
  f32 = 51 TFLOP/s               # "FP32 51 teraFLOPS"
  bf16 = 756 TFLOP/s             # half of "BFLOAT16 Tensor Core 1,513 teraFLOPS*", * with sparsity
  f16 = 756 TFLOP/s              # half of "FP16 Tensor Core 1,513 teraFLOPS*"
  f8 = 1513 TFLOP/s              # half of "FP8 Tensor Core 3,026 teraFLOPS*"
  i8 = 1513 TFLOP/s              # half of "INT8 Tensor Core 3,026 TOPS*"
}

gpu h200 {                       # NVIDIA H200 datasheet (2024), column H200 SXM
  memory = 141 GB
  bandwidth = 4.8 TB/s           # "GPU memory bandwidth 4.8TB/s"
  f64 = 67 TFLOP/s               # as h100_sxm: the same chip
  f32 = 67 TFLOP/s
  bf16 = 989 TFLOP/s
  f16 = 989 TFLOP/s
  f8 = 1979 TFLOP/s
  i8 = 1979 TFLOP/s
}

gpu b200 {                       # NVIDIA DGX B200 and HGX B200 datasheets (2024), an eighth of the system's figures
  memory = 180 GB                # "1,440GB total"
  bandwidth = 8 TB/s             # "64TB/s HBM3e bandwidth"
  f64 = 37 TFLOP/s               # "FP64 Tensor Core 296 TFLOPS"
  f32 = 75 TFLOP/s               # "FP32 600 TFLOPS"
  bf16 = 2250 TFLOP/s            # "FP16/BF16 Tensor Core 36 PFLOPS*", halved: * with sparsity
  f16 = 2250 TFLOP/s
  f8 = 4500 TFLOP/s              # "FP8 Tensor Core 72 PFLOPS*", halved
  f4 = 9000 TFLOP/s              # "FP4 Tensor Core 144 PFLOPS*", halved
  i8 = 4500 TFLOP/s              # "INT8 Tensor Core 72 POPS*", halved
}

gpu l40s {                       # NVIDIA L40S datasheet (2023)
  memory = 48 GB
  bandwidth = 864 GB/s           # "GPU memory bandwidth 864GB/s"
  f32 = 91.6 TFLOP/s             # "FP32 91.6 TFLOPS"
  bf16 = 362 TFLOP/s             # "BFLOAT16 Tensor Core 362.05 | 733* TFLOPS", * with sparsity
  f16 = 362 TFLOP/s              # "FP16 Tensor Core 362.05 | 733* TFLOPS"
  f8 = 733 TFLOP/s               # "FP8 Tensor Core 733 | 1,466* TFLOPS"
  i8 = 733 TFLOP/s               # "Peak INT8 Tensor TOPS 733 | 1,466*"
}

# Latencies are assumptions, not datasheet values: the cost of one step of a collective as measured by software.

link nvlink3 {
  bandwidth = 300 GB/s           # A100 datasheet: "NVLink 600GB/s", both directions
  latency = 3 us                 # assumption
}

link nvlink4 {
  bandwidth = 450 GB/s           # H100 datasheet: "NVLink 900GB/s", both directions
  latency = 3 us                 # assumption
}

link nvlink5 {
  bandwidth = 900 GB/s           # HGX B200 datasheet: "NVLink GPU-to-GPU bandwidth 1.8TB/s", both directions
  latency = 3 us                 # assumption
}

link pcie4 {
  bandwidth = 31.5 GB/s          # PCI Express 4.0: 16 lanes x 16 GT/s, encoded 128b/130b
  latency = 5 us                 # assumption
}

link pcie5 {
  bandwidth = 63 GB/s            # PCI Express 5.0: 16 lanes x 32 GT/s, encoded 128b/130b
  latency = 5 us                 # assumption
}

link ib_hdr {
  bandwidth = 200 Gbit/s         # NVIDIA ConnectX-6 datasheet: "200Gb/s", each direction; one adapter per GPU
  latency = 10 us                # assumption
}

link ib_ndr400 {
  bandwidth = 400 Gbit/s         # NVIDIA ConnectX-7 datasheet: "400Gb/s", each direction; one adapter per GPU
  latency = 10 us                # assumption
}
