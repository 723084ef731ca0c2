# GPUs and links, with the vendors' datasheet values. Rates are dense (datasheets often print twice as much, "with
# sparsity"); a link's bandwidth counts per GPU and direction (NVLink datasheets print both directions together).
# f32 and f64 are what IEEE matrix products reach: f32 outside the tensor cores, f64 inside them where they have it.

gpu a100_40g {                   # NVIDIA A100 datasheet (nvidia-1758950, 2021), column A100 40GB SXM
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
  bf16 = datasheet(312 TFLOP/s)
  f16 = datasheet(312 TFLOP/s)
  i8 = datasheet(624 TFLOP/s)
  sms = datasheet(108)

  bf16_efficiency = calibrated(0.987)
  bf16_fill = calibrated(0.658)
  bf16_memory = calibrated(0.747)
  bf16_launch = calibrated(2.28 us)
  bf16_wave = calibrated(0.668 us)
  bf16_split = calibrated(3.06 us)
  bf16_overlap = calibrated(3.29)
  bf16_epilogue = calibrated(3.22)
  bf16_throttle = calibrated(0.1)
  bf16_error = calibrated(0.119)
  prefill_efficiency = calibrated(0.686)
  prefill_launch = calibrated(10.3 us)
  prefill_tail = calibrated(1.24)
  prefill_memory = calibrated(1.16)
  prefill_tile = calibrated(0 us)
  prefill_overlap = calibrated(1.08)
  prefill_error = calibrated(0.178)
  decode_launch = calibrated(25 us)
  decode_memory = calibrated(0.646)
  decode_cold = calibrated(1.12 us)
  decode_few = calibrated(0.0695 us)
  decode_row = calibrated(0.0506 us)
  decode_whole = calibrated(0.853)
  decode_error = calibrated(0.135)
  softmax_launch = assumed(4 us)
  softmax_memory = calibrated(1)
  softmax_ramp = calibrated(0.805 us)
  softmax_columns = calibrated(1030)
  softmax_passes = calibrated(0.906)
  softmax_error = calibrated(0.137)
  norm_launch = assumed(4 us)
  norm_memory = calibrated(1)
  norm_ramp = calibrated(15.2 us)
  norm_columns = calibrated(14000)
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
  bf16 = datasheet(989 TFLOP/s)         # half of "BFLOAT16 Tensor Core 1,979 teraFLOPS*", * with sparsity
  f16 = datasheet(989 TFLOP/s)          # half of "FP16 Tensor Core 1,979 teraFLOPS*"
  f8 = datasheet(1979 TFLOP/s)          # half of "FP8 Tensor Core 3,958 teraFLOPS*"
  i8 = datasheet(1979 TFLOP/s)          # half of "INT8 Tensor Core 3,958 TOPS*"
  sms = datasheet(132)

  bf16_efficiency = calibrated(0.828)
  bf16_fill = calibrated(1.13)
  bf16_memory = calibrated(0.819)
  bf16_launch = calibrated(2.7 us)
  bf16_wave = calibrated(0 us)
  bf16_split = calibrated(1.71 us)
  bf16_overlap = calibrated(5.03)
  bf16_epilogue = calibrated(1.93)
  bf16_persistent = calibrated(1)
  bf16_fine = calibrated(1)
  bf16_error = calibrated(0.0819)
  f8_efficiency = calibrated(0.789)
  f8_fill = calibrated(1.36)
  f8_memory = calibrated(0.796)
  f8_launch = calibrated(2.7 us)
  f8_wave = calibrated(0.56 us)
  f8_split = calibrated(1.86 us)
  f8_overlap = calibrated(5.92)
  f8_epilogue = calibrated(2.53)
  f8_persistent = calibrated(1)
  f8_fine = calibrated(1)
  f8_error = calibrated(0.0607)
  quantise_launch = calibrated(9.24 us)
  quantise_memory = calibrated(0.378)
  quantise_error = calibrated(0.0607)
  prefill_efficiency = calibrated(0.585)
  prefill_launch = calibrated(8.68 us)
  prefill_tail = calibrated(0.717)
  prefill_memory = calibrated(1.36)
  prefill_tile = calibrated(5.43 us)
  prefill_overlap = calibrated(1.19)
  prefill_error = calibrated(0.0983)
  decode_launch = calibrated(11.8 us)
  decode_memory = calibrated(0.964)
  decode_cold = calibrated(11.9 us)
  decode_few = calibrated(3.16 us)
  decode_row = calibrated(0.0011 us)
  decode_whole = calibrated(0.903)
  decode_error = calibrated(0.136)
  softmax_launch = assumed(4 us)
  softmax_memory = assumed(1)
  softmax_ramp = assumed(0.805 us)
  softmax_columns = assumed(1030)
  softmax_passes = assumed(0.906)
  softmax_error = assumed(0.3)
  norm_launch = assumed(4 us)
  norm_memory = assumed(1)
  norm_ramp = assumed(15.2 us)
  norm_columns = assumed(14000)
  norm_passes = assumed(1.12)
  norm_error = assumed(0.3)
  elementwise_launch = assumed(4 us)
  elementwise_memory = assumed(0.826)
  elementwise_ramp = assumed(2.68 us)
  elementwise_error = assumed(0.3)
}

gpu h100_pcie {                  # NVIDIA H100 datasheet (2022), column H100 PCIe
  memory = datasheet(80 GB)
  bandwidth = datasheet(2 TB/s)         # "GPU memory bandwidth 2TB/s"
  f64 = datasheet(51 TFLOP/s)           # "FP64 Tensor Core 51 teraFLOPS"
  f32 = datasheet(51 TFLOP/s)           # "FP32 51 teraFLOPS"
  bf16 = datasheet(756 TFLOP/s)         # half of "BFLOAT16 Tensor Core 1,513 teraFLOPS*", * with sparsity
  f16 = datasheet(756 TFLOP/s)          # half of "FP16 Tensor Core 1,513 teraFLOPS*"
  f8 = datasheet(1513 TFLOP/s)          # half of "FP8 Tensor Core 3,026 teraFLOPS*"
  i8 = datasheet(1513 TFLOP/s)          # half of "INT8 Tensor Core 3,026 TOPS*"
}

gpu h200 {                       # NVIDIA H200 datasheet (2024), column H200 SXM
  memory = datasheet(141 GB)
  bandwidth = datasheet(4.8 TB/s)       # "GPU memory bandwidth 4.8TB/s"
  f64 = datasheet(67 TFLOP/s)           # as h100_sxm: the same chip
  f32 = datasheet(67 TFLOP/s)
  bf16 = datasheet(989 TFLOP/s)
  f16 = datasheet(989 TFLOP/s)
  f8 = datasheet(1979 TFLOP/s)
  i8 = datasheet(1979 TFLOP/s)
  sms = datasheet(132)

  bf16_efficiency = calibrated(0.819)
  bf16_fill = calibrated(0.905)
  bf16_memory = calibrated(0.803)
  bf16_launch = calibrated(2.95 us)
  bf16_wave = calibrated(0 us)
  bf16_split = calibrated(1.76 us)
  bf16_overlap = calibrated(5.41)
  bf16_epilogue = calibrated(1.98)
  bf16_persistent = calibrated(1)
  bf16_fine = calibrated(1)
  bf16_error = calibrated(0.0951)
  f8_efficiency = calibrated(0.789)
  f8_fill = calibrated(0.908)
  f8_memory = calibrated(0.782)
  f8_launch = calibrated(2.95 us)
  f8_wave = calibrated(0.326 us)
  f8_split = calibrated(2 us)
  f8_overlap = calibrated(6.33)
  f8_epilogue = calibrated(2.56)
  f8_persistent = calibrated(1)
  f8_fine = calibrated(1)
  f8_error = calibrated(0.0676)
  quantise_launch = calibrated(9.1 us)
  quantise_memory = calibrated(0.303)
  quantise_error = calibrated(0.0676)
  prefill_efficiency = calibrated(0.584)
  prefill_launch = calibrated(8.38 us)
  prefill_tail = calibrated(0.747)
  prefill_memory = calibrated(1.58)
  prefill_tile = calibrated(6.07 us)
  prefill_overlap = calibrated(1.34)
  prefill_error = calibrated(0.0956)
  decode_launch = calibrated(12.3 us)
  decode_memory = calibrated(0.968)
  decode_cold = calibrated(15.8 us)
  decode_few = calibrated(2.73 us)
  decode_row = calibrated(0.00169 us)
  decode_whole = calibrated(0.813)
  decode_error = calibrated(0.181)
  softmax_launch = assumed(4 us)
  softmax_memory = assumed(1)
  softmax_ramp = assumed(0.805 us)
  softmax_columns = assumed(1030)
  softmax_passes = assumed(0.906)
  softmax_error = assumed(0.3)
  norm_launch = assumed(4 us)
  norm_memory = assumed(1)
  norm_ramp = assumed(15.2 us)
  norm_columns = assumed(14000)
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

  bf16_efficiency = calibrated(0.73)
  bf16_fill = calibrated(1.03)
  bf16_memory = calibrated(0.731)
  bf16_launch = calibrated(1.9 us)
  bf16_wave = calibrated(0.102 us)
  bf16_split = calibrated(2.96 us)
  bf16_overlap = calibrated(3.05)
  bf16_epilogue = calibrated(0)
  bf16_persistent = calibrated(1)
  bf16_error = calibrated(0.132)
  f8_efficiency = calibrated(0.953)
  f8_fill = calibrated(0.815)
  f8_memory = calibrated(0.778)
  f8_launch = calibrated(1.9 us)
  f8_wave = calibrated(0 us)
  f8_split = calibrated(3.59 us)
  f8_overlap = calibrated(2.07)
  f8_epilogue = calibrated(0.419)
  f8_persistent = calibrated(1)
  f8_error = calibrated(0.0952)
  quantise_launch = calibrated(11.9 us)
  quantise_memory = calibrated(0.322)
  quantise_error = calibrated(0.0952)
  prefill_efficiency = assumed(0.584)
  prefill_launch = assumed(8.38 us)
  prefill_tail = assumed(0.747)
  prefill_memory = assumed(1.58)
  prefill_tile = assumed(6.07 us)
  prefill_overlap = assumed(1.34)
  prefill_error = assumed(0.3)
  decode_launch = assumed(12.3 us)
  decode_memory = assumed(0.968)
  decode_cold = assumed(15.8 us)
  decode_few = assumed(2.73 us)
  decode_row = assumed(0.00169 us)
  decode_whole = assumed(0.813)
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
  norm_columns = assumed(14000)
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

  nccl_ll_base = calibrated(8.196 us)
  nccl_ll_step = calibrated(0.8877 us)
  nccl_ll_bandwidth = calibrated(7.392 GB/s)
  nccl_ll128_base = calibrated(11.06 us)
  nccl_ll128_step = calibrated(0.9686 us)
  nccl_ll128_bandwidth = calibrated(119.7 GB/s)
  nccl_simple_base = calibrated(25.7 us)
  nccl_simple_step = calibrated(0.2444 us)
  nccl_simple_bandwidth = calibrated(244.2 GB/s)
  nccl_simple_ramp = calibrated(1.951 us)
  nccl_switch = calibrated(370.7 kB)
  nccl_copy = calibrated(485.1 GB/s)
  nccl_copy_reduce = calibrated(0.8679)
  nccl_exchange_ll_base = calibrated(9.86 us)
  nccl_exchange_ll_step = calibrated(0.774 us)
  nccl_exchange_ll_bandwidth = calibrated(4.719 GB/s)
  nccl_exchange_base = calibrated(11.64 us)
  nccl_exchange_step = calibrated(0.152 us)
  nccl_exchange_bandwidth = calibrated(226 GB/s)
  nccl_exchange_ramp = calibrated(17.68 us)
  nccl_exchange_copy = calibrated(0.4419)
  nccl_direct_base = calibrated(14.6 us)
  nccl_direct_bandwidth = calibrated(300 GB/s)
  nccl_error = calibrated(0.1533)
}

link nvlink4 {
  bandwidth = datasheet(450 GB/s)       # H100 datasheet: "NVLink 900GB/s", both directions
  latency = assumed(3 us)

  nccl_ll_base = calibrated(4.57 us)
  nccl_ll_step = calibrated(0.7977 us)
  nccl_ll_bandwidth = calibrated(14.6 GB/s)
  nccl_ll128_base = calibrated(5.699 us)
  nccl_ll128_step = calibrated(0.8462 us)
  nccl_ll128_bandwidth = calibrated(183.4 GB/s)
  nccl_simple_base = calibrated(14.21 us)
  nccl_simple_step = calibrated(0.34 us)
  nccl_simple_bandwidth = calibrated(391.8 GB/s)
  nccl_simple_ramp = calibrated(0.7128 us)
  nccl_switch = calibrated(741.5 kB)
  nccl_copy = calibrated(658.1 GB/s)
  nccl_copy_reduce = calibrated(0.8426)
  nccl_nvls_base = calibrated(37.51 us)
  nccl_nvls_bandwidth = calibrated(273.4 GB/s)
  nccl_nvls_ramp = calibrated(6.46 us)
  nccl_nvls_ranks = assumed(5)
  nccl_exchange_ll_base = calibrated(6.213 us)
  nccl_exchange_ll_step = calibrated(0.1928 us)
  nccl_exchange_ll_bandwidth = calibrated(6.55 GB/s)
  nccl_exchange_base = calibrated(11.08 us)
  nccl_exchange_step = calibrated(0.05593 us)
  nccl_exchange_bandwidth = calibrated(318.1 GB/s)
  nccl_exchange_ramp = calibrated(1.559 us)
  nccl_exchange_copy = calibrated(0.2348)
  nccl_direct_base = calibrated(7.47 us)
  nccl_direct_bandwidth = calibrated(360.6 GB/s)
  nccl_error = calibrated(0.1511)
}

link nvlink4_h200 {               # the same link between H200, as measured there
  like = nvlink4
  nccl_ll_base = calibrated(4.368 us)
  nccl_ll_step = calibrated(0.8687 us)
  nccl_ll_bandwidth = calibrated(10.49 GB/s)
  nccl_ll128_base = calibrated(5.325 us)
  nccl_ll128_step = calibrated(0.9162 us)
  nccl_ll128_bandwidth = calibrated(184.1 GB/s)
  nccl_simple_base = calibrated(13.57 us)
  nccl_simple_step = calibrated(0.3492 us)
  nccl_simple_bandwidth = calibrated(390.8 GB/s)
  nccl_simple_ramp = calibrated(0.5885 us)
  nccl_switch = calibrated(741.5 kB)
  nccl_copy = calibrated(684.4 GB/s)
  nccl_copy_reduce = calibrated(0.8367)
  nccl_nvls_base = calibrated(38.46 us)
  nccl_nvls_bandwidth = calibrated(276.1 GB/s)
  nccl_nvls_ramp = calibrated(5.417 us)
  nccl_nvls_ranks = calibrated(5)
  nccl_exchange_ll_base = calibrated(6.444 us)
  nccl_exchange_ll_step = calibrated(0.1374 us)
  nccl_exchange_ll_bandwidth = calibrated(12.38 GB/s)
  nccl_exchange_base = calibrated(10.78 us)
  nccl_exchange_step = calibrated(0.104 us)
  nccl_exchange_bandwidth = calibrated(321.7 GB/s)
  nccl_exchange_ramp = calibrated(1.226 us)
  nccl_exchange_copy = calibrated(0.1715)
  nccl_direct_base = calibrated(7.47 us)
  nccl_direct_bandwidth = calibrated(360.6 GB/s)
  nccl_error = calibrated(0.158)
}

link nvlink5 {
  bandwidth = datasheet(900 GB/s)       # HGX B200 datasheet: "NVLink GPU-to-GPU bandwidth 1.8TB/s", both directions
  latency = assumed(3 us)

  nccl_ll_base = calibrated(7.56 us)
  nccl_ll_step = calibrated(1.255 us)
  nccl_ll_bandwidth = calibrated(15.13 GB/s)
  nccl_ll128_base = calibrated(8.665 us)
  nccl_ll128_step = calibrated(1.282 us)
  nccl_ll128_bandwidth = calibrated(302.3 GB/s)
  nccl_simple_base = calibrated(9.981 us)
  nccl_simple_step = calibrated(7.975 us)
  nccl_simple_bandwidth = calibrated(781.1 GB/s)
  nccl_simple_ramp = calibrated(0.02579 us)
  nccl_switch = calibrated(1483 kB)
  nccl_copy = calibrated(1006 GB/s)
  nccl_copy_reduce = calibrated(0.9917)
  nccl_nvls_base = calibrated(38.44 us)
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
  nccl_exchange_copy = calibrated(1.256)
  nccl_direct_base = assumed(7.5 us)
  nccl_direct_bandwidth = assumed(720 GB/s)
  nccl_error = calibrated(0.1565)
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
