"""Azure Resource Manager templates and Bicep: files → declarations."""
