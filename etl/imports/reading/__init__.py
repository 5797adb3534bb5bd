"""What readers share: bytes and archives, text, JSON, CSV, headings and values."""
