"""Making and keeping bundles and images: the distribution, its sources, and the store of what is built."""
