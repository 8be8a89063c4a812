"""What can be seen of jobs, queues and workers."""
