"""The one document model: millimetres, origin top left, y down. PDF, OFD and PNG are drawn from it."""
