"""The token explorers: a transformer draws codes one by one, alone or together with words."""
