"""Page -> PDF (later OFD) and PNG preview."""
