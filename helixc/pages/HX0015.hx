# Cause: A line has more than 65 536 characters, not counting its comment.
# Mend: Break it: a line goes on inside brackets and after `,` `=` `->` or an operator.
# Seen: a line of more than 65 536 characters
