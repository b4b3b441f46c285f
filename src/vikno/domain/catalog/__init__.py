"""The words of CPSV-AP 3.2.0: public services, requirements, evidence, costs, legal resources."""
