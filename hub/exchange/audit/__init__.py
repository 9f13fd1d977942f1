"""The check of what follows from the exchange log: each envelope's acceptance, legs, clocks."""
