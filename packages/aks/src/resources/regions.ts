/** The regions of this cloud. All are this machine; the names are those that people type. */

/** A region. */
export interface Region {
  readonly name: string;
  readonly displayName: string;
}

export const regions: readonly Region[] = [
  { name: 'australiaeast', displayName: 'Australia East' },
  { name: 'canadacentral', displayName: 'Canada Central' },
  { name: 'canadaeast', displayName: 'Canada East' },
  { name: 'centralus', displayName: 'Central US' },
  { name: 'eastus', displayName: 'East US' },
  { name: 'eastus2', displayName: 'East US 2' },
  { name: 'francecentral', displayName: 'France Central' },
  { name: 'germanywestcentral', displayName: 'Germany West Central' },
  { name: 'japaneast', displayName: 'Japan East' },
  { name: 'japanwest', displayName: 'Japan West' },
  { name: 'northeurope', displayName: 'North Europe' },
  { name: 'southeastasia', displayName: 'Southeast Asia' },
  { name: 'swedencentral', displayName: 'Sweden Central' },
  { name: 'uksouth', displayName: 'UK South' },
  { name: 'westeurope', displayName: 'West Europe' },
  { name: 'westus', displayName: 'West US' },
  { name: 'westus2', displayName: 'West US 2' },
  { name: 'westus3', displayName: 'West US 3' },
];

/** The region that a text names: `Canada East` is `canadaeast`. */
export function regionOf(text: string): Region | undefined {
  const name = text.toLowerCase().replaceAll(' ', '');
  return regions.find((region) => region.name === name);
}
