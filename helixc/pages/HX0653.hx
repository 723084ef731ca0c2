# Cause: In a dump a layout is not written in its one proper form.
# Mend: Write dimensions in order and partial axes in that of the mesh.
# Seen: a dump with the axes of a layout in another order
