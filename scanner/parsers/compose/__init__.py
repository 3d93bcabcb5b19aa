"""Docker Compose: projects of services that run on one host, or on a swarm of hosts."""
