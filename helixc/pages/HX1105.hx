# Cause: The function that `--against` names is not there, or its module cannot be imported.
# Mend: Name it as `module:function`; the present folder is looked through first. The message shows what Python said.
# Seen: helixc verify FILE --against nowhere:forward
