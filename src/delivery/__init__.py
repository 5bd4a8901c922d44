"""How frames leave: API Gateway's @connections, or memory; and to which connections."""
