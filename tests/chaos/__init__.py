"""Blows at random moments, repeatable by their seed: whatever is killed or frozen, every job ends as it should.

`ground` has the servers, `moods` the jobs, `worker` and `fleet` the processes, `blows` what happens to them, `run` one
run of one seed, `judging` what must be true afterwards. `./run bench chaos` is the long one.
"""
