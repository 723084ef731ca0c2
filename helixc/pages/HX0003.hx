# Cause: The bytes of a file are no UTF-8 text: often it was saved in another encoding, or is no text at all.
# Mend: Save it as UTF-8; the message names the byte and its line.
# Seen: a file whose first bytes are FF FE, as some editors write them
