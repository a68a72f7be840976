"""What the senses stand on: links, resampling, clustered errors, noise."""
