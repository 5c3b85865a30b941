"""The commands of ``crmkit``, a module for each group; nothing heavy is imported before one runs."""
