"""`privity serve`: starts the roles as processes, proves that they answer, keeps them alive, stops them in order."""
