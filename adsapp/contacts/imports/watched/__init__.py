"""Files that come by themselves: a schedule takes them from an address or from a folder of the operator's."""
