# GPUs and links, with the vendors' datasheet values. Rates are dense (datasheets often print twice as much, "with
# sparsity"); a link's bandwidth counts per GPU and direction (NVLink datasheets print both directions together).
# f32 and f64 are what IEEE matrix products reach: f32 outside the tensor cores, f64 inside them where they have it.
# `calibrated` constants of kernels and collectives are fitted to published measurements; docs/cost-model.md has the
# formulas, the data and the errors. Where two chips are alike but only one was measured, the other is `like` it.

gpu a100_40g {                   # NVIDIA A100 datasheet (nvidia-1758950, 2021), column A100 40GB SXM
  like = a100_80g                       # the same chip
  memory = datasheet(40 GB)
  bandwidth = datasheet(1555 GB/s)      # "GPU memory bandwidth 1,555GB/s"
  f64 = datasheet(19.5 TFLOP/s)         # "FP64 Tensor Core 19.5 TFLOPS"
  f32 = datasheet(19.5 TFLOP/s)         # "FP32 19.5 TFLOPS"
  bf16 = datasheet(312 TFLOP/s)         # "BFLOAT16 Tensor Core 312 TFLOPS | 624 TFLOPS*", * with sparsity
  f16 = datasheet(312 TFLOP/s)          # "FP16 Tensor Core 312 TFLOPS | 624 TFLOPS*"
  i8 = datasheet(624 TFLOP/s)           # "INT8 Tensor Core 624 TOPS | 1248 TOPS*"
}

gpu a100_80g {                   # NVIDIA A100 datasheet (nvidia-1758950, 2021), column A100 80GB SXM
  memory = datasheet(80 GB)
  bandwidth = datasheet(2039 GB/s)      # "GPU memory bandwidth 2,039GB/s"
  f64 = datasheet(19.5 TFLOP/s)         # as a100_40g: the same chip
  f32 = datasheet(19.5 TFLOP/s)
  tf32 = datasheet(156 TFLOP/s)         # "TF32 Tensor Core 156 TFLOPS | 312 TFLOPS*"
  bf16 = datasheet(312 TFLOP/s)
  f16 = datasheet(312 TFLOP/s)
  i8 = datasheet(624 TFLOP/s)
  sms = datasheet(108)

  bf16_efficiency = calibrated(0.962)
  bf16_fill = calibrated(0.728)
  bf16_memory = calibrated(0.803)
  bf16_launch = calibrated(0 us)
  bf16_wave = calibrated(2.88 us)
  bf16_split = calibrated(2.77 us)
  bf16_overlap = calibrated(3.3)
  bf16_epilogue = calibrated(1.91)
  bf16_ramp = calibrated(0.817 us)
  bf16_throttle = calibrated(0.1)
  bf16_error = calibrated(0.11)
  prefill_efficiency = calibrated(0.685)
  prefill_launch = calibrated(9.54 us)
  prefill_tail = calibrated(1.24)
  prefill_memory = calibrated(1.15)
  prefill_tile = calibrated(1.04 us)
  prefill_overlap = calibrated(1.05)
  prefill_packed = calibrated(1)
  prefill_error = calibrated(0.15)
  decode_launch = calibrated(22.9 us)
  decode_memory = calibrated(0.654)
  decode_cold = calibrated(2.99 us)
  decode_few = calibrated(0.0773 us)
  decode_row = calibrated(0.0563 us)
  decode_whole = calibrated(0.88)
  decode_error = calibrated(0.0849)
  softmax_launch = assumed(4 us)
  softmax_memory = calibrated(1)
  softmax_ramp = calibrated(0.805 us)
  softmax_columns = calibrated(1030)
  softmax_passes = calibrated(0.906)
  softmax_error = calibrated(0.137)
  norm_launch = assumed(4 us)
  norm_memory = calibrated(1)
  norm_ramp = calibrated(15.2 us)
  norm_columns = calibrated(14_000)
  norm_passes = calibrated(1.12)
  norm_error = calibrated(0.265)
  elementwise_launch = assumed(4 us)
  elementwise_memory = calibrated(0.826)
  elementwise_ramp = calibrated(2.68 us)
  elementwise_error = calibrated(0.0583)
}

gpu h100_sxm {                   # NVIDIA H100 datasheet (2023), column H100 SXM
  memory = datasheet(80 GB)
  bandwidth = datasheet(3.35 TB/s)      # "GPU memory bandwidth 3.35TB/s"
  f64 = datasheet(67 TFLOP/s)           # "FP64 Tensor Core 67 teraFLOPS"
  f32 = datasheet(67 TFLOP/s)           # "FP32 67 teraFLOPS"
  tf32 = datasheet(494.5 TFLOP/s)       # half of "TF32 Tensor Core 989 teraFLOPS*"
  bf16 = datasheet(989 TFLOP/s)         # half of "BFLOAT16 Tensor Core 1,979 teraFLOPS*", * with sparsity
  f16 = datasheet(989 TFLOP/s)          # half of "FP16 Tensor Core 1,979 teraFLOPS*"
  f8 = datasheet(1979 TFLOP/s)          # half of "FP8 Tensor Core 3,958 teraFLOPS*"
  i8 = datasheet(1979 TFLOP/s)          # half of "INT8 Tensor Core 3,958 TOPS*"
  sms = datasheet(132)

  bf16_efficiency = calibrated(0.829)
  bf16_fill = calibrated(1.09)
  bf16_memory = calibrated(0.892)
  bf16_launch = calibrated(1.75 us)
  bf16_wave = calibrated(0.756 us)
  bf16_split = calibrated(1.63 us)
  bf16_overlap = calibrated(5.13)
  bf16_epilogue = calibrated(0.919)
  bf16_ramp = calibrated(0.457 us)
  bf16_persistent = calibrated(1)
  bf16_fine = calibrated(1)
  bf16_error = calibrated(0.0785)
  f8_efficiency = calibrated(0.791)
  f8_fill = calibrated(1.38)
  f8_memory = calibrated(0.887)
  f8_launch = calibrated(1.75 us)
  f8_wave = calibrated(1.93 us)
  f8_split = calibrated(1.94 us)
  f8_overlap = calibrated(5.55)
  f8_epilogue = calibrated(0)
  f8_ramp = calibrated(0.722 us)
  f8_persistent = calibrated(1)
  f8_fine = calibrated(1)
  f8_error = calibrated(0.058)
  quantise_launch = calibrated(8.86 us)
  quantise_memory = calibrated(0.376)
  quantise_error = calibrated(0.058)
  prefill_efficiency = calibrated(0.579)
  prefill_launch = calibrated(7.1 us)
  prefill_tail = calibrated(0.672)
  prefill_memory = calibrated(0)
  prefill_tile = calibrated(5.72 us)
  prefill_overlap = calibrated(1.23)
  prefill_ramp = calibrated(5.66 us)
  prefill_error = calibrated(0.084)
  decode_launch = calibrated(11 us)
  decode_memory = calibrated(0.944)
  decode_cold = calibrated(13.8 us)
  decode_few = calibrated(3.85 us)
  decode_error = calibrated(0.11)
  softmax_launch = assumed(4 us)
  softmax_memory = assumed(1)
  softmax_ramp = assumed(0.805 us)
  softmax_columns = assumed(1030)
  softmax_passes = assumed(0.906)
  softmax_error = assumed(0.3)
  norm_launch = assumed(4 us)
  norm_memory = assumed(1)
  norm_ramp = assumed(15.2 us)
  norm_columns = assumed(14_000)
  norm_passes = assumed(1.12)
  norm_error = assumed(0.3)
  elementwise_launch = assumed(4 us)
  elementwise_memory = assumed(0.826)
  elementwise_ramp = assumed(2.68 us)
  elementwise_error = assumed(0.3)
}

gpu h100_pcie {                  # NVIDIA H100 datasheet (2022), column H100 PCIe
  like = h100_sxm                       # the same chip with fewer processors, slower clocks and memory
  memory = datasheet(80 GB)
  bandwidth = datasheet(2 TB/s)         # "GPU memory bandwidth 2TB/s"
  f64 = datasheet(51 TFLOP/s)           # "FP64 Tensor Core 51 teraFLOPS"
  f32 = datasheet(51 TFLOP/s)           # "FP32 51 teraFLOPS"
  bf16 = datasheet(756 TFLOP/s)         # half of "BFLOAT16 Tensor Core 1,513 teraFLOPS*", * with sparsity
  f16 = datasheet(756 TFLOP/s)          # half of "FP16 Tensor Core 1,513 teraFLOPS*"
  f8 = datasheet(1513 TFLOP/s)          # half of "FP8 Tensor Core 3,026 teraFLOPS*"
  i8 = datasheet(1513 TFLOP/s)          # half of "INT8 Tensor Core 3,026 TOPS*"
  sms = datasheet(114)
  tf32 = datasheet(378 TFLOP/s)         # half of "TF32 Tensor Core 756 teraFLOPS*"
}

gpu h200 {                       # NVIDIA H200 datasheet (2024), column H200 SXM
  memory = datasheet(141 GB)
  bandwidth = datasheet(4.8 TB/s)       # "GPU memory bandwidth 4.8TB/s"
  f64 = datasheet(67 TFLOP/s)           # as h100_sxm: the same chip
  f32 = datasheet(67 TFLOP/s)
  tf32 = datasheet(494.5 TFLOP/s)       # as h100_sxm: the same chip
  bf16 = datasheet(989 TFLOP/s)
  f16 = datasheet(989 TFLOP/s)
  f8 = datasheet(1979 TFLOP/s)
  i8 = datasheet(1979 TFLOP/s)
  sms = datasheet(132)

  bf16_efficiency = calibrated(0.823)
  bf16_fill = calibrated(0.902)
  bf16_memory = calibrated(0.967)
  bf16_launch = calibrated(1.26 us)
  bf16_wave = calibrated(1.53 us)
  bf16_split = calibrated(1.67 us)
  bf16_overlap = calibrated(5.06)
  bf16_epilogue = calibrated(0)
  bf16_ramp = calibrated(1.71 us)
  bf16_persistent = calibrated(1)
  bf16_fine = calibrated(1)
  bf16_error = calibrated(0.0806)
  f8_efficiency = calibrated(0.79)
  f8_fill = calibrated(0.951)
  f8_memory = calibrated(0.916)
  f8_launch = calibrated(1.26 us)
  f8_wave = calibrated(1.77 us)
  f8_split = calibrated(2.1 us)
  f8_overlap = calibrated(5.71)
  f8_epilogue = calibrated(0)
  f8_ramp = calibrated(1.11 us)
  f8_persistent = calibrated(1)
  f8_fine = calibrated(1)
  f8_error = calibrated(0.061)
  quantise_launch = calibrated(9.41 us)
  quantise_memory = calibrated(0.301)
  quantise_error = calibrated(0.061)
  prefill_efficiency = calibrated(0.58)
  prefill_launch = calibrated(6.76 us)
  prefill_tail = calibrated(0.72)
  prefill_memory = calibrated(0)
  prefill_tile = calibrated(6.33 us)
  prefill_overlap = calibrated(1.42)
  prefill_ramp = calibrated(12.1 us)
  prefill_error = calibrated(0.0682)
  decode_launch = calibrated(11.7 us)
  decode_memory = calibrated(0.984)
  decode_cold = calibrated(18.8 us)
  decode_few = calibrated(3.19 us)
  decode_row = calibrated(0.000192 us)
  decode_whole = calibrated(0.961)
  decode_error = calibrated(0.172)
  softmax_launch = assumed(4 us)
  softmax_memory = assumed(1)
  softmax_ramp = assumed(0.805 us)
  softmax_columns = assumed(1030)
  softmax_passes = assumed(0.906)
  softmax_error = assumed(0.3)
  norm_launch = assumed(4 us)
  norm_memory = assumed(1)
  norm_ramp = assumed(15.2 us)
  norm_columns = assumed(14_000)
  norm_passes = assumed(1.12)
  norm_error = assumed(0.3)
  elementwise_launch = assumed(4 us)
  elementwise_memory = assumed(0.826)
  elementwise_ramp = assumed(2.68 us)
  elementwise_error = assumed(0.3)
}

gpu b200 {                       # NVIDIA DGX B200 and HGX B200 datasheets (2024), an eighth of the system's figures
  memory = datasheet(180 GB)            # "1,440GB total"
  bandwidth = datasheet(8 TB/s)         # "64TB/s HBM3e bandwidth"
  f64 = datasheet(37 TFLOP/s)           # "FP64 Tensor Core 296 TFLOPS"
  f32 = datasheet(75 TFLOP/s)           # "FP32 600 TFLOPS"
  bf16 = datasheet(2250 TFLOP/s)        # "FP16/BF16 Tensor Core 36 PFLOPS*", halved: * with sparsity
  f16 = datasheet(2250 TFLOP/s)
  f8 = datasheet(4500 TFLOP/s)          # "FP8 Tensor Core 72 PFLOPS*", halved
  f4 = datasheet(9000 TFLOP/s)          # "FP4 Tensor Core 144 PFLOPS*", halved
  i8 = datasheet(4500 TFLOP/s)          # "INT8 Tensor Core 72 POPS*", halved
  sms = datasheet(148)

  bf16_efficiency = calibrated(0.732)
  bf16_fill = calibrated(1)
  bf16_memory = calibrated(0.748)
  bf16_launch = calibrated(1.79 us)
  bf16_wave = calibrated(0.141 us)
  bf16_split = calibrated(2.93 us)
  bf16_overlap = calibrated(3.1)
  bf16_epilogue = calibrated(0)
  bf16_ramp = calibrated(0.0146 us)
  bf16_persistent = calibrated(1)
  bf16_error = calibrated(0.132)
  f8_efficiency = calibrated(0.964)
  f8_fill = calibrated(0.812)
  f8_memory = calibrated(0.849)
  f8_launch = calibrated(1.79 us)
  f8_wave = calibrated(0.0333 us)
  f8_split = calibrated(3.49 us)
  f8_overlap = calibrated(2.04)
  f8_epilogue = calibrated(0.37)
  f8_ramp = calibrated(0.156 us)
  f8_persistent = calibrated(1)
  f8_error = calibrated(0.0943)
  quantise_launch = calibrated(11.8 us)
  quantise_memory = calibrated(0.321)
  quantise_error = calibrated(0.0943)
  prefill_efficiency = assumed(0.58)
  prefill_launch = assumed(6.76 us)
  prefill_tail = assumed(0.72)
  prefill_memory = assumed(0)
  prefill_tile = assumed(6.33 us)
  prefill_overlap = assumed(1.42)
  prefill_ramp = assumed(12.1 us)
  prefill_error = assumed(0.3)
  decode_launch = assumed(11.7 us)
  decode_memory = assumed(0.984)
  decode_cold = assumed(18.8 us)
  decode_few = assumed(3.19 us)
  decode_row = assumed(0.000192 us)
  decode_whole = assumed(0.961)
  decode_error = assumed(0.3)
  softmax_launch = assumed(4 us)
  softmax_memory = assumed(1)
  softmax_ramp = assumed(0.805 us)
  softmax_columns = assumed(1030)
  softmax_passes = assumed(0.906)
  softmax_error = assumed(0.3)
  norm_launch = assumed(4 us)
  norm_memory = assumed(1)
  norm_ramp = assumed(15.2 us)
  norm_columns = assumed(14_000)
  norm_passes = assumed(1.12)
  norm_error = assumed(0.3)
  elementwise_launch = assumed(4 us)
  elementwise_memory = assumed(0.826)
  elementwise_ramp = assumed(2.68 us)
  elementwise_error = assumed(0.3)
}

gpu l40s {                       # NVIDIA L40S datasheet (2023)
  memory = datasheet(48 GB)
  bandwidth = datasheet(864 GB/s)       # "GPU memory bandwidth 864GB/s"
  f32 = datasheet(91.6 TFLOP/s)         # "FP32 91.6 TFLOPS"
  bf16 = datasheet(362 TFLOP/s)         # "BFLOAT16 Tensor Core 362.05 | 733* TFLOPS", * with sparsity
  f16 = datasheet(362 TFLOP/s)          # "FP16 Tensor Core 362.05 | 733* TFLOPS"
  f8 = datasheet(733 TFLOP/s)           # "FP8 Tensor Core 733 | 1,466* TFLOPS"
  i8 = datasheet(733 TFLOP/s)           # "Peak INT8 Tensor TOPS 733 | 1,466*"
}

# Latencies are assumptions, not datasheet values: the cost of one step of a collective as measured by software.

link nvlink3 {
  bandwidth = datasheet(300 GB/s)       # A100 datasheet: "NVLink 600GB/s", both directions
  latency = assumed(3 us)

  nccl_ll_base = calibrated(8.193 us)
  nccl_ll_step = calibrated(0.8873 us)
  nccl_ll_bandwidth = calibrated(7.323 GB/s)
  nccl_ll128_base = calibrated(11.18 us)
  nccl_ll128_step = calibrated(0.9388 us)
  nccl_ll128_bandwidth = calibrated(116.7 GB/s)
  nccl_simple_base = calibrated(27.88 us)
  nccl_simple_step = calibrated(0.2384 us)
  nccl_simple_bandwidth = calibrated(242.3 GB/s)
  nccl_simple_ramp = calibrated(1.613 us)
  nccl_switch = calibrated(370.7 kB)
  nccl_copy = calibrated(504.7 GB/s)
  nccl_copy_reduce = calibrated(0.872)
  nccl_exchange_ll_base = calibrated(9.866 us)
  nccl_exchange_ll_step = calibrated(0.7708 us)
  nccl_exchange_ll_bandwidth = calibrated(4.735 GB/s)
  nccl_exchange_base = calibrated(11.64 us)
  nccl_exchange_step = calibrated(0.1519 us)
  nccl_exchange_bandwidth = calibrated(226 GB/s)
  nccl_exchange_ramp = calibrated(17.68 us)
  nccl_exchange_copy = calibrated(0.4589)
  nccl_direct_base = calibrated(14.6 us)
  nccl_direct_bandwidth = calibrated(300 GB/s)
  nccl_error = calibrated(0.1515)
}

link nvlink4 {
  bandwidth = datasheet(450 GB/s)       # H100 datasheet: "NVLink 900GB/s", both directions
  latency = assumed(3 us)

  nccl_ll_base = calibrated(4.58 us)
  nccl_ll_step = calibrated(0.7965 us)
  nccl_ll_bandwidth = calibrated(15.02 GB/s)
  nccl_ll128_base = calibrated(5.746 us)
  nccl_ll128_step = calibrated(0.8335 us)
  nccl_ll128_bandwidth = calibrated(177.9 GB/s)
  nccl_simple_base = calibrated(15.99 us)
  nccl_simple_step = calibrated(0.3097 us)
  nccl_simple_bandwidth = calibrated(388.2 GB/s)
  nccl_simple_ramp = calibrated(0.5196 us)
  nccl_switch = calibrated(741.5 kB)
  nccl_copy = calibrated(676.2 GB/s)
  nccl_copy_reduce = calibrated(0.8174)
  nccl_nvls_base = calibrated(37.68 us)
  nccl_nvls_bandwidth = calibrated(273.3 GB/s)
  nccl_nvls_ramp = calibrated(6.335 us)
  nccl_nvls_ranks = assumed(5)
  nccl_exchange_ll_base = calibrated(6.185 us)
  nccl_exchange_ll_step = calibrated(0.1945 us)
  nccl_exchange_ll_bandwidth = calibrated(6.412 GB/s)
  nccl_exchange_base = calibrated(11.1 us)
  nccl_exchange_step = calibrated(0.06392 us)
  nccl_exchange_bandwidth = calibrated(318.3 GB/s)
  nccl_exchange_ramp = calibrated(1.566 us)
  nccl_exchange_copy = calibrated(0.2424)
  nccl_direct_base = calibrated(7.47 us)
  nccl_direct_bandwidth = calibrated(360.6 GB/s)
  nccl_error = calibrated(0.1534)
}

link nvlink4_h200 {               # the same link between H200, as measured there
  like = nvlink4
  nccl_ll_base = calibrated(4.381 us)
  nccl_ll_step = calibrated(0.8645 us)
  nccl_ll_bandwidth = calibrated(10.62 GB/s)
  nccl_ll128_base = calibrated(5.343 us)
  nccl_ll128_step = calibrated(0.9083 us)
  nccl_ll128_bandwidth = calibrated(176.6 GB/s)
  nccl_simple_base = calibrated(15.6 us)
  nccl_simple_step = calibrated(0.2573 us)
  nccl_simple_bandwidth = calibrated(386.9 GB/s)
  nccl_simple_ramp = calibrated(0.4119 us)
  nccl_switch = calibrated(741.5 kB)
  nccl_copy = calibrated(705.4 GB/s)
  nccl_copy_reduce = calibrated(0.8128)
  nccl_nvls_base = calibrated(38.35 us)
  nccl_nvls_bandwidth = calibrated(276.1 GB/s)
  nccl_nvls_ramp = calibrated(5.497 us)
  nccl_nvls_ranks = calibrated(5)
  nccl_exchange_ll_base = calibrated(6.457 us)
  nccl_exchange_ll_step = calibrated(0.135 us)
  nccl_exchange_ll_bandwidth = calibrated(12.48 GB/s)
  nccl_exchange_base = calibrated(10.86 us)
  nccl_exchange_step = calibrated(0.08878 us)
  nccl_exchange_bandwidth = calibrated(321.2 GB/s)
  nccl_exchange_ramp = calibrated(1.193 us)
  nccl_exchange_copy = calibrated(0.1701)
  nccl_direct_base = calibrated(7.47 us)
  nccl_direct_bandwidth = calibrated(360.6 GB/s)
  nccl_error = calibrated(0.1601)
}

link nvlink5 {
  bandwidth = datasheet(900 GB/s)       # HGX B200 datasheet: "NVLink GPU-to-GPU bandwidth 1.8TB/s", both directions
  latency = assumed(3 us)

  nccl_ll_base = calibrated(7.56 us)
  nccl_ll_step = calibrated(1.255 us)
  nccl_ll_bandwidth = calibrated(15.13 GB/s)
  nccl_ll128_base = calibrated(8.703 us)
  nccl_ll128_step = calibrated(1.269 us)
  nccl_ll128_bandwidth = calibrated(292.4 GB/s)
  nccl_simple_base = calibrated(10.49 us)
  nccl_simple_step = calibrated(7.867 us)
  nccl_simple_bandwidth = calibrated(778.8 GB/s)
  nccl_simple_ramp = calibrated(0.02409 us)
  nccl_switch = calibrated(1483 kB)
  nccl_copy = calibrated(1020 GB/s)
  nccl_copy_reduce = calibrated(0.9916)
  nccl_nvls_base = calibrated(38.43 us)
  nccl_nvls_bandwidth = calibrated(484.6 GB/s)
  nccl_nvls_ramp = calibrated(30.91 us)
  nccl_nvls_ranks = calibrated(6)
  nccl_exchange_ll_base = calibrated(9.269 us)
  nccl_exchange_ll_step = calibrated(0.2175 us)
  nccl_exchange_ll_bandwidth = calibrated(13.99 GB/s)
  nccl_exchange_base = calibrated(14.2 us)
  nccl_exchange_step = calibrated(0.3178 us)
  nccl_exchange_bandwidth = calibrated(640.3 GB/s)
  nccl_exchange_ramp = calibrated(1.498 us)
  nccl_exchange_copy = calibrated(1.273)
  nccl_direct_base = assumed(7.5 us)
  nccl_direct_bandwidth = assumed(720 GB/s)
  nccl_error = calibrated(0.1621)
}

link pcie4 {
  bandwidth = datasheet(31.5 GB/s)      # PCI Express 4.0: 16 lanes x 16 GT/s, encoded 128b/130b
  latency = assumed(5 us)
}

link pcie5 {
  bandwidth = datasheet(63 GB/s)        # PCI Express 5.0: 16 lanes x 32 GT/s, encoded 128b/130b
  latency = assumed(5 us)
}

link ib_hdr {
  bandwidth = datasheet(200 Gbit/s)     # NVIDIA ConnectX-6 datasheet: "200Gb/s", each direction; one adapter per GPU
  latency = assumed(10 us)

  network_base = calibrated(42.13 us)
  network_step = calibrated(2.209 us)
  network_reached = assumed(0.96)
  network_ramp = assumed(12.72 us)
  network_tree = assumed(0.25)
  network_exchange = assumed(0.75)
  network_direct_base = calibrated(25.23 us)
  network_error = calibrated(0.1002)
}

link ib_ndr400 {
  bandwidth = datasheet(400 Gbit/s)     # NVIDIA ConnectX-7 datasheet: "400Gb/s", each direction; one adapter per GPU
  latency = assumed(10 us)

  network_base = calibrated(33.4 us)
  network_step = calibrated(1.793 us)
  network_reached = calibrated(0.9925)
  network_ramp = calibrated(12.72 us)
  network_tree = assumed(0.25)
  network_exchange = assumed(0.75)
  network_direct_base = calibrated(18.3 us)
  network_error = calibrated(0.1002)
}

link efa_400 {                    # Elastic Fabric Adapter: 3200 Gbit/s for eight GPUs
  bandwidth = datasheet(400 Gbit/s)
  latency = assumed(30 us)
  network_base = calibrated(263.4 us)
  network_step = calibrated(1.829 us)
  network_reached = calibrated(1)
  network_ramp = calibrated(72.82 us)
  network_tree = assumed(0.25)
  network_exchange = assumed(0.75)
  network_direct_base = assumed(30 us)
  network_error = calibrated(0.1002)
}
