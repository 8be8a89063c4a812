"""Operations: one action on many jobs, itself a job."""
