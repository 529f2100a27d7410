# Asks the Windows Update agent what is missing and writes one JSON document to standard output. It installs and loads nothing.
#
# A process of its own because a search may take minutes or never end: the caller kills it at its limit. Without -Online
# only the local data store is asked. Needs COM, so in Constrained Language Mode it says that it could not ask.
param([switch] $Online)

$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$WarningPreference = 'SilentlyContinue'
$sections = @{}

function Get-Failure($record) {
  $cause = $record.Exception
  while ($null -ne $cause.InnerException) { $cause = $cause.InnerException }
  @{
    hresult  = $cause.HResult
    category = [string]$record.CategoryInfo.Category
    id       = [string]$record.FullyQualifiedErrorId
  }
}

function Add-Section([string] $name, [scriptblock] $work) {
  $started = Get-Date
  $entry = @{ ok = $false; ms = 0; error = $null; data = $null }
  try {
    $entry.data = & $work
    $entry.ok = $true
  } catch {
    $entry.error = Get-Failure $_
  }
  $entry.ms = [int]((Get-Date) - $started).TotalMilliseconds
  $sections[$name] = $entry
}

# Dates of the update agent are in UTC but do not say so; the sortable format is the same in every language.
function Get-Stated($time) {
  if ($null -eq $time) { return $null }
  $time.ToString('s') + 'Z'
}

Add-Section 'agent' {
  $automatic = New-Object -ComObject Microsoft.Update.AutoUpdate
  $system = New-Object -ComObject Microsoft.Update.SystemInfo
  @{
    lastSearchAt   = Get-Stated $automatic.Results.LastSearchSuccessDate
    rebootRequired = [bool]$system.RebootRequired
  }
}

Add-Section 'services' {
  $manager = New-Object -ComObject Microsoft.Update.ServiceManager
  @{
    services = @($manager.Services | ForEach-Object {
        @{ id = [string]$_.ServiceID; managed = [bool]$_.IsManaged; default = [bool]$_.IsDefaultAUService }
      })
  }
}

# Server selection stays at its default: the source the administrator meant.
Add-Section 'search' {
  $session = New-Object -ComObject Microsoft.Update.Session
  $session.ClientApplicationID = 'KITS Agent'
  $searcher = $session.CreateUpdateSearcher()
  $searcher.Online = [bool]$Online
  $criteria = "(IsInstalled=0 and IsHidden=0 and Type='Software' and BrowseOnly=0 and DeploymentAction='Installation')" +
    " or (IsInstalled=1 and RebootRequired=1 and DeploymentAction='Installation')"
  $result = $searcher.Search($criteria)
  $updates = @()
  for ($index = 0; $index -lt $result.Updates.Count; $index++) {
    $update = $result.Updates.Item($index)
    $updates += @{
      id             = [string]$update.Identity.UpdateID
      revision       = $update.Identity.RevisionNumber
      articles       = @($update.KBArticleIDs | ForEach-Object { [string]$_ })
      title          = [string]$update.Title
      severity       = [string]$update.MsrcSeverity
      categories     = @($update.Categories | ForEach-Object { [string]$_.CategoryID })
      installed      = [bool]$update.IsInstalled
      rebootRequired = [bool]$update.RebootRequired
      publishedAt    = Get-Stated $update.LastDeploymentChangeTime
    }
  }
  $warnings = @()
  for ($index = 0; $index -lt $result.Warnings.Count; $index++) { $warnings += $result.Warnings.Item($index).HResult }
  @{ resultCode = [int]$result.ResultCode; warnings = $warnings; count = [int]$result.Updates.Count; updates = $updates }
}

Add-Section 'history' {
  $session = New-Object -ComObject Microsoft.Update.Session
  $searcher = $session.CreateUpdateSearcher()
  $total = $searcher.GetTotalHistoryCount()
  $entries = @()
  if ($total -gt 0) {
    $history = $searcher.QueryHistory(0, [Math]::Min($total, 100))
    for ($index = 0; $index -lt $history.Count; $index++) {
      $entry = $history.Item($index)
      $entries += @{
        id         = [string]$entry.UpdateIdentity.UpdateID
        title      = [string]$entry.Title
        operation  = [int]$entry.Operation
        resultCode = [int]$entry.ResultCode
        hresult    = $entry.HResult
        date       = Get-Stated $entry.Date
      }
    }
  }
  @{ entries = $entries }
}

$document = @{
  version  = 1
  takenAt  = (Get-Date).ToUniversalTime().ToString('o')
  language = [string]$ExecutionContext.SessionState.LanguageMode
  online   = [bool]$Online
  sections = $sections
}
$json = ConvertTo-Json -InputObject $document -Depth 8 -Compress
$parts = foreach ($part in ($json -split '([^\x00-\x7f])')) {
  if ($part.Length -eq 1 -and [int][char]$part -gt 127) { '\u{0:x4}' -f [int][char]$part } else { $part }
}
Write-Output ($parts -join '')
