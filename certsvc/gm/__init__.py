"""SM2, SM3 and electronic seals (GB/T 32918, 32905, 38540); knows nothing of OFD nor of what we issue."""
