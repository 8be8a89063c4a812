"""What `bench.import` needs: lists of people as files, where they are imported, and what that is compared with."""
