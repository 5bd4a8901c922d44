"""The template through CloudFormation, and what came of it read back from the control plane."""
