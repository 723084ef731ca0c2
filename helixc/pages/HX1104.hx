# Cause: `--nproc` says another number of processes than the mesh of the plan has.
# Mend: Leave `--nproc` out, or choose a plan with such a mesh.
# Seen: helixc run FILE --nproc 3 with a plan for 16 GPUs
