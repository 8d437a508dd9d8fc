"""The OFD format (GB/T 33190): package, documents, pages, signatures; knows no certificate we issue."""
