"""The explorers of codes drawn one by one."""
