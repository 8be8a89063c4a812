"""`adsapp worker --queue template-processing`, with one more processor registered."""

from adsapp.cli import main
from bench.peers import ours_processor

if __name__ == "__main__":
    main(["worker", "--queue", ours_processor.QUEUE.value])
