"""The JSON representations of the resources, as the documentation of the REST API describes them."""
