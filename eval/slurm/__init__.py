"""Off one machine: the same plan as job arrays, through submitit."""
