"""What requests may hold, cost and try: bounds of bodies, turns, lock-outs and the count of new browsers."""
