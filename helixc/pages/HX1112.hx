# Cause: Several steps fill a state place by place and end at the place that the model says; so many do not fit before it.
# Mend: Take fewer steps, or give the model a later place with `--set` (`past` in the models of the examples).
# Seen: helixc run FILE --plan decode --steps 9 where the cache has room for 4 steps
