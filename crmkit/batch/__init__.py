"""The batch: notebooks run for many clients, each client's report made whole or not at all."""
